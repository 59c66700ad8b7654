import { useState } from "react";
import { messageOf } from "../../api/client";
import { setStage } from "../../api/registry";
import type { ModelVersion, RegisteredModel } from "../../api/types";
import { FormDialog } from "../../ui/Dialog";
import { useToast } from "../../ui/Toasts";

const STAGES = ["None", "Staging", "Production", "Archived"];
/** The stages that mostly one version at a time is in. */
const USED = new Set(["Staging", "Production"]);

interface Props {
  model?: RegisteredModel;
  version: ModelVersion;
  onChanged: () => Promise<unknown>;
}

/** Moves a version to a stage; asks what becomes of the version that is there already. */
export function StageSelect({ model, version, onChanged }: Props) {
  const [wanted, setWanted] = useState<string>();
  const [archive, setArchive] = useState(true);
  const [error, setError] = useState("");
  const toast = useToast();
  const { name, version: number } = version;
  const holder = (stage: string) => model?.latest_versions?.find((item) => item.current_stage === stage && item.version !== number);
  const choose = (stage: string) => {
    if (USED.has(stage) && holder(stage)) return setWanted(stage);
    void setStage(name, number, stage).then(onChanged, toast.error);
  };
  const close = () => {
    setWanted(undefined);
    setError("");
  };
  const move = () => {
    setStage(name, number, wanted ?? "None", archive).then(
      () => {
        close();
        return onChanged();
      },
      (reason: unknown) => setError(messageOf(reason)),
    );
  };
  return (
    <>
      <select id="stage" className="input" style={{ width: 150 }} value={version.current_stage ?? "None"} onChange={(event) => choose(event.target.value)}>
        {STAGES.map((stage) => (
          <option key={stage}>{stage}</option>
        ))}
      </select>
      {wanted && (
        <FormDialog title={`Move version ${number} to ${wanted}`} action="Move" error={error} onClose={close} onSubmit={move}>
          <p className="quiet">Version {holder(wanted)?.version} is in {wanted} now.</p>
          <label className="check">
            <input type="checkbox" checked={archive} onChange={(event) => setArchive(event.target.checked)} />
            Archive what is in {wanted} now
          </label>
        </FormDialog>
      )}
    </>
  );
}
