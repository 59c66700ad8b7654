/** How a run could be made again, from what its tags say about its source. */
import type { WholeRow } from "./columns";

const quote = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** Commands for a shell; `undefined` where the tags do not say enough, as for notebooks. */
export function runAgain(row: WholeRow): string | undefined {
  const tag = (key: string) => row.tags.get(`mlflow.${key}`) ?? "";
  const [name, commit, repository] = [tag("source.name"), tag("source.git.commit"), tag("source.git.repoURL")];
  if (tag("source.type") === "PROJECT") {
    const entry = tag("project.entryPoint");
    const params = [...row.params].map(([key, value]) => `  -P ${quote(`${key}=${value}`)}`);
    return [`mlflow run ${quote(repository || name)}`, ...(commit ? [`  --version ${commit}`] : []), ...(entry ? [`  -e ${quote(entry)}`] : []), ...params].join(" \\\n");
  }
  if (!name.endsWith(".py") || !commit) return undefined;
  return [...(repository ? [`git clone ${quote(repository)} && cd ${quote(repository.replace(/\.git$/, "").split("/").pop() ?? "")}`] : []), `git checkout ${commit}`, `python ${quote(name)}`].join("\n");
}
