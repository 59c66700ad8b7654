import { useQueries } from "@tanstack/react-query";
import { type Owner, artifactText, listArtifacts } from "../../api/artifacts";
import { type ModelFile, modelFileOf } from "../../lib/mlmodel";
import { modelPlace } from "../../lib/modelPlace";

/** Beyond that, the file of a model is no file of a model. */
const LARGEST = 200_000;

/** Asked first, so that a model without files is no error. */
async function hasFile(owner: Owner, folder: string, path: string): Promise<boolean> {
  return (await listArtifacts(owner, folder)).some((file) => file.path === path);
}

/** What the `MLmodel` files of some places say, for those that have one. */
export function useModelFiles(places: { source: string; runId: string }[]): (ModelFile | undefined)[] {
  return useQueries({
    queries: places.map(({ source, runId }) => {
      const place = modelPlace(source, runId);
      const path = place?.folder ? `${place.folder}/MLmodel` : "MLmodel";
      return {
        queryKey: ["model-file", place?.owner, path],
        queryFn: async () => (place && (await hasFile(place.owner, place.folder, path)) ? (modelFileOf((await artifactText(place.owner, path, LARGEST)).text) ?? null) : null),
        enabled: place !== undefined,
        retry: false,
      };
    }),
    combine: (found) => found.map((query) => query.data ?? undefined),
  });
}
