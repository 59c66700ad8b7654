/** What somebody dropped on a page: files, and those inside of folders. */

export interface Dropped {
  file: File;
  /** From what was dropped on, with slashes. */
  path: string;
}

type Entry = FileSystemEntry;

/** All files in entries, folders opened. */
export async function filesOf(entries: Entry[], above = ""): Promise<Dropped[]> {
  const found: Dropped[] = [];
  for (const entry of entries) {
    const path = above + entry.name;
    if (entry.isFile) found.push({ file: await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed)), path });
    else found.push(...(await filesOf(await inside(entry as FileSystemDirectoryEntry), `${path}/`)));
  }
  return found;
}

/** Browsers hand out a folder in parts, until a part is empty. */
async function inside(folder: FileSystemDirectoryEntry): Promise<Entry[]> {
  const reader = folder.createReader();
  const all: Entry[] = [];
  for (;;) {
    const part = await new Promise<Entry[]>((done, failed) => reader.readEntries(done, failed));
    if (!part.length) return all;
    all.push(...part);
  }
}

/** The files of a drop. They must be asked for before the event is over. */
export async function filesIn(items: DataTransferItemList): Promise<Dropped[]> {
  const parts = [...items].map((item) => {
    const entry = item.webkitGetAsEntry();
    if (entry) return filesOf([entry]);
    // What comes from elsewhere than a disk has no entry.
    const file = item.getAsFile();
    return file ? [{ file, path: file.name }] : [];
  });
  return (await Promise.all(parts)).flat();
}
