function cell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function toCsv(rows: string[][]): string {
  return rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

/** Rows of a CSV or TSV text. Forgiving: it is for looking, not for loading. */
export function parseCsv(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let value = "";
  let inside = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string;
    if (inside) {
      if (letter !== '"') value += letter;
      else if (text[at + 1] === '"') value += text[++at];
      else inside = false;
    } else if (letter === '"' && value === "") inside = true;
    else if (letter === separator) {
      row.push(value);
      value = "";
    } else if (letter === "\n") {
      row.push(value.replace(/\r$/, ""));
      rows.push(row);
      row = [];
      value = "";
    } else value += letter;
  }
  if (value !== "" || row.length) rows.push([...row, value]);
  return rows;
}

/** Lets the browser save a text as a file. */
export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  saveAddress(name, address);
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Lets the browser save what is at an address of this page. */
export function saveAddress(name: string, address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
