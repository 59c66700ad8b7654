import { Plus, X } from "lucide-react";
import { useState } from "react";
import { deleteAlias, setAlias } from "../../api/registry";
import type { RegisteredModel } from "../../api/types";
import { IconButton } from "../../ui/Button";
import { NameDialog } from "../../ui/NameDialog";
import { useToast } from "../../ui/Toasts";

/** The aliases of a version, to be changed in place. An alias that is given again moves here. */
export function Aliases({ model, version, onChanged }: { model: RegisteredModel; version: string; onChanged: () => Promise<unknown> }) {
  const [adding, setAdding] = useState(false);
  const toast = useToast();
  const mine = (model.aliases ?? []).filter((known) => known.version === version);
  return (
    <span className="row wrap" style={{ gap: 4 }}>
      {mine.map(({ alias }) => (
        <span key={alias} className="badge accent">
          @{alias}
          <button type="button" aria-label={`Remove alias ${alias}`} onClick={() => void deleteAlias(model.name, alias).then(onChanged, toast.error)}>
            <X />
          </button>
        </span>
      ))}
      <IconButton label={`Add alias to version ${version}`} small onClick={() => setAdding(true)}>
        <Plus />
      </IconButton>
      {adding && (
        <NameDialog title={`Alias for version ${version}`} action="Save" label="Alias" onClose={() => setAdding(false)} onSave={(alias) => setAlias(model.name, alias, version).then(onChanged)} />
      )}
    </span>
  );
}
