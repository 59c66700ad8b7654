import { expect, test } from "vitest";
import { pictureAt, picturesOf } from "./images";

const name = (key: string, step: number, ending: string, mark = "+") => `images/${key}${mark}step${mark}${step}${mark}timestamp${mark}17${mark}0a-1${ending}`;

test("names of pictures say key and step, and which copy is small", () => {
  const found = picturesOf([
    name("val~sample", 10, ".png"),
    name("val~sample", 10, "+compressed.webp"),
    name("val~sample", 2, ".png"),
    name("old", 1, ".png", "%"),
    "images/other.png",
    "images/nested/x+step+1+timestamp+2+a.txt",
  ]);
  expect([...found.keys()]).toEqual(["val/sample", "old"]);
  const series = found.get("val/sample") ?? [];
  expect(series.map(({ step }) => step)).toEqual([2, 10]);
  expect(series[1]).toMatchObject({ path: name("val~sample", 10, ".png"), small: name("val~sample", 10, "+compressed.webp") });
});

test("at a step, the last picture until then is shown, or the first", () => {
  const series = picturesOf([name("k", 5, ".png"), name("k", 15, ".png")]).get("k") ?? [];
  expect([0, 5, 14, 15, 99].map((step) => pictureAt(series, step)?.step)).toEqual([5, 5, 5, 15, 15]);
});
