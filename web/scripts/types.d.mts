/** The text of `src/api/schema.ts`, as the server at a URL describes its API. */
export function typesOf(url: string): Promise<string>;
