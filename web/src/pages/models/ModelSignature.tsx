import { Signature } from "../artifacts/Signature";
import { useModelFiles } from "./useModelFile";

/** What a model takes and gives, if its files are where its source says. */
export function ModelSignature({ source, runId }: { source: string; runId: string }) {
  const [file] = useModelFiles([{ source, runId }]);
  return file ? <Signature inputs={file.inputs} outputs={file.outputs} params={file.params} /> : null;
}
