// What is wrong with the mail that the page shows, as short lines; nothing where all is well.
(() => {
  const faults = new Set();
  const say = (text) => faults.add(text);
  const path = (element) => {
    const names = [];
    for (let one = element; one && one !== document.documentElement; one = one.parentElement) {
      if (["p", "td", "th", "li", "a", "b", "div", "h2"].includes(one.localName)) {
        names.unshift(one.className ? `${one.localName}.${one.className}` : one.localName);
      }
    }
    return names.slice(-2).join(" ") || element.localName;
  };
  const short = (text) => text.trim().replace(/\s+/g, " ").slice(0, 40);

  // what a screen reader needs
  const root = document.documentElement;
  if (!document.title.trim()) say("the page has no title");
  for (const table of document.querySelectorAll("table")) {
    const rows = [...table.rows];
    if (table.getAttribute("role") === "presentation") {
      if (rows.some((row) => [...row.cells].some((cell) => cell.localName === "th"))) say("a layout table has headers");
    } else {
      const heads = rows.map((row) => row.querySelector("th"));
      if (heads.some((head) => !head || head.getAttribute("scope") !== "row")) say("a row has no header of its own");
    }
  }
  for (const image of document.images) if (!image.hasAttribute("alt")) say("an image has no alt");

  // what would be loaded, or leads somewhere else than it says
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      const link = name === "href" && element.localName === "a";
      if (/^on/.test(name)) say(`${element.localName} has ${name}`);
      if (link ? !/^(mailto:|https?:)/.test(value) : name === "href") say(`href ${value.slice(0, 60)}`);
      if (link && /^https?:/.test(value) && element.textContent !== value) say(`a link says other words: ${value}`);
      if (["src", "srcset", "background", "poster", "action"].includes(name) && !/^(cid|data):/.test(value)) {
        say(`${name} ${value.slice(0, 60)}`);
      }
      if (name === "style" && /url\(/i.test(value)) say("a style loads something");
    }
  }
  for (const style of document.querySelectorAll("style")) {
    if (/url\(|@import/i.test(style.textContent)) say("a style loads something");
  }

  // room
  const wide = document.scrollingElement.scrollWidth;
  if (wide > innerWidth) {
    const over = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > innerWidth);
    const last = over.filter((one) => !over.some((other) => other !== one && one.contains(other)))[0];
    say(`${wide - innerWidth} px too wide${last ? `: ${path(last)} "${short(last.textContent)}"` : ""}`);
  }

  // what is read: its size, and its colour on what lies behind it
  const paper = document.createElement("div");
  paper.style.background = "Canvas";
  document.body.append(paper);
  const canvas = getComputedStyle(paper).backgroundColor;
  paper.remove();
  const parts = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const over = (upper, lower) => upper.rgb.map((part, n) => part * upper.alpha + lower[n] * (1 - upper.alpha));
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const colour = parts(getComputedStyle(one).backgroundColor);
      if (colour.alpha > 0) layers.push(colour);
      if (colour.alpha === 1) break;
    }
    return layers.reduceRight((lower, upper) => over(upper, lower), parts(canvas).rgb);
  };
  const light = (rgb) => {
    const [red, green, blue] = rgb.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((left, right) => left - right);
    return (high + 0.05) / (low + 0.05);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let words = 0;
  let least = 21;
  let smallest = 100;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.data.trim()) continue;
    const element = node.parentElement;
    const style = getComputedStyle(element);
    const range = document.createRange();
    range.selectNodeContents(node);
    if (style.visibility !== "visible" || !range.getClientRects().length) {
      say(`not to be seen: ${path(element)} "${short(node.data)}"`);
      continue;
    }
    words += 1;
    const ground = behind(element);
    const ratio = contrast(over(parts(style.color), ground), ground);
    least = Math.min(least, ratio);
    if (ratio < 4.5) say(`contrast ${ratio.toFixed(2)}: ${path(element)} "${short(node.data)}"`);
    const size = parseFloat(style.fontSize);
    smallest = Math.min(smallest, size);
    if (size < 14) say(`${size} px letters: ${path(element)} "${short(node.data)}"`);
    if (style.direction !== "ltr" && style.direction !== "rtl") say("no direction");
    if (element.localName === "a" && !style.textDecorationLine.includes("underline")) say("a link is not underlined");
  }
  if (!words) say("there is nothing to read");
  return { faults: [...faults], least, smallest, language: root.lang };
})()
