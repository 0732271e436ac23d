// The page's words, as the server wrote them into it, and numbers as its language writes them.

const texts = JSON.parse(document.body.dataset.texts);
const language = document.documentElement.lang;
const plural = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });

export const t = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
export const count = (key, n) => t(`${key}.${plural.select(n) === "one" ? "one" : "other"}`, { n: numbers.format(n) });
export const knows = (key) => key in texts;
export const number = (value) => numbers.format(value);
export const time = (seconds) => clock.format(new Date(seconds * 1000));
export const percent = (share) => (share < 0.01 ? "<1" : String(Math.round(share * 100)));
