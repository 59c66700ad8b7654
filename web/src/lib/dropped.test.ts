import { expect, test } from "vitest";
import { filesOf } from "./dropped";

const file = (name: string) => ({ name, isFile: true, isDirectory: false, file: (done: (file: File) => void) => done(new File([name], name)) }) as unknown as FileSystemEntry;

function folder(name: string, ...parts: FileSystemEntry[][]) {
  const createReader = () => {
    const rest = [...parts, []];
    return { readEntries: (done: (entries: FileSystemEntry[]) => void) => done(rest.shift() ?? []) };
  };
  return { name, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry;
}

test("folders are opened, however many parts they come in", async () => {
  const found = await filesOf([file("a.txt"), folder("model", [file("MLmodel"), folder("data", [file("x.bin")])], [file("late.txt")]), folder("empty")]);
  expect(found.map(({ path }) => path)).toEqual(["a.txt", "model/MLmodel", "model/data/x.bin", "model/late.txt"]);
  expect(await found[2]?.file.text()).toBe("x.bin");
});
