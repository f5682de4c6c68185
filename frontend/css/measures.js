/* Widths and shares as classes, because the content policy allows no style attribute:
   p-0 ... p-100 is a width in percent, g-0 ... g-100 a share of a flex row. */
import plugin from "tailwindcss/plugin";

const hundred = [...Array(101).keys()];

export default plugin(({ addBase }) => {
  addBase(Object.fromEntries(hundred.map((n) => [`.p-${n}`, { "inline-size": `${n}%` }])));
  addBase(Object.fromEntries(hundred.map((n) => [`.g-${n}`, { flex: `${n} 1 0%` }])));
});
