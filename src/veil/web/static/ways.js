// Ways into the batch: choosing files or a folder, dropping, pasting.

import { find } from "./dom.js";
import { t } from "./words.js";

const PICTURE = /\.(jpe?g|jfif|png|heic|heif|webp|avif|tiff?|gif|bmp|mp4|m4v|mov|mkv|webm|avi|ts|mts|m2ts)$/i;

/** Of a folder only what looks like a picture or a video; files that were picked one by one are all taken, and refused aloud. */
const pictures = (files) => files.filter((file) => PICTURE.test(file.name) && !file.name.startsWith("."));

/** Returns the files in what was dropped, those in folders included. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const file = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));
  const inside = async (entry) => {
    if (entry.isFile) return [await file(entry)];
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) break;
      found.push(...some);
    }
    return (await Promise.all(found.map(inside))).flat();
  };
  const each = entries.map(async (entry) => (entry.isFile ? inside(entry) : pictures(await inside(entry))));
  return (await Promise.all(each)).flat();
}

export function openWays(add) {
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const catcher = find("#catch");
  addEventListener("dragenter", (event) => {
    if (carriesFiles(event)) catcher.hidden = false;
  });
  addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) catcher.hidden = true;
  });
  addEventListener("drop", async (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    catcher.hidden = true;
    add(await dropped(event.dataTransfer));
  });
  addEventListener("paste", (event) => {
    const pasted = [...event.clipboardData.files];
    // Pictures from the clipboard are all called "image.png".
    if (pasted.length) add(pasted.map((file) => (file.name === "image.png" ? new File([file], `${t("card.pasted")}.png`, { type: file.type }) : file)));
  });

  for (const [input, sieve] of [["#files", (files) => files], ["#folder", pictures]]) {
    find(input).addEventListener("change", (event) => {
      add(sieve([...event.target.files]));
      event.target.value = "";
    });
  }
  for (const button of document.querySelectorAll("[data-choose]")) {
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      find(button.dataset.choose).click();
    });
  }
  find("#drop").addEventListener("click", () => find("#files").click());
}
