import { useQueryClient } from "@tanstack/react-query";
import { deleteExperimentTag, setExperimentTag } from "../../api/experiments";
import type { Experiment } from "../../api/types";
import { formatTime } from "../../lib/format";
import { firstSteps } from "../../lib/snippets";
import { EditableNote } from "../../ui/EditableNote";
import { Tags } from "../../ui/Tags";
import { CopyButton, Snippet } from "../../ui/bits";

const NOTE = "mlflow.note.content";

/** What an experiment is about: its note, tags, and where things are. */
export default function AboutExperiment({ experiment }: { experiment: Experiment }) {
  const client = useQueryClient();
  const id = experiment.experiment_id;
  const note = experiment.tags?.find(({ key }) => key === NOTE)?.value ?? "";
  const refresh = () => Promise.all([client.invalidateQueries({ queryKey: ["experiment", id] }), client.invalidateQueries({ queryKey: ["experiments"] })]);
  return (
    <div className="body pad">
      <div className="split">
        <div className="stack" style={{ gap: 24 }}>
          <EditableNote title="Notes" text={note} onSave={(text) => setExperimentTag(id, NOTE, text).then(refresh)} />
          <section className="stack" aria-label="Log to it">
            <h2>Log to this experiment</h2>
            <Snippet code={firstSteps(experiment.name)} />
          </section>
        </div>
        <aside className="stack" style={{ gap: 16 }}>
          <dl className="facts">
            <dt>ID</dt>
            <dd className="row">
              <span className="mono">{id}</span>
              <CopyButton text={id} label="Copy the ID" />
            </dd>
            <dt>Created</dt>
            <dd className="num">{formatTime(experiment.creation_time)}</dd>
            <dt>Changed</dt>
            <dd className="num">{formatTime(experiment.last_update_time)}</dd>
            <dt>Artifacts</dt>
            <dd className="mono">{experiment.artifact_location}</dd>
          </dl>
          <section className="stack" aria-label="Tags">
            <h2>Tags</h2>
            <Tags
              tags={experiment.tags ?? []}
              onSet={(key, value) => setExperimentTag(id, key, value).then(refresh)}
              onDelete={(key) => deleteExperimentTag(id, key).then(refresh)}
            />
          </section>
        </aside>
      </div>
    </div>
  );
}
