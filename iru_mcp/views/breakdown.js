/* Counts by one or two columns as sorted bars with the table below; rows that are no counts as the table alone.

The total and what is unknown (rows without a value) are said beside the bars: a bar chart that leaves them out would lie. */

const MOST_BARS = 40;

/** Label columns, the number column and rows as objects, from a group_by answer or from one label and one number in SQL. */
function counted(answer) {
  if (answer.columns && answer.rows) {
    const rows = answer.rows.map((row) => Object.fromEntries(answer.columns.map((name, index) => [name, row[index]])));
    const numbers = answer.columns.filter((name) => rows.length && rows.every((row) => typeof row[name] === "number"));
    const labels = answer.columns.filter((name) => !numbers.includes(name));
    return { rows, number: answer.columns.length === 2 && numbers.length === 1 ? numbers[0] : "", labels };
  }
  const by = answer.summary?.group_by ?? [];
  return { rows: answer.items ?? [], number: by.length ? "count" : "", labels: by };
}

function drawBreakdown(answer, page) {
  const { rows, number, labels } = counted(answer);
  const known = (row) => labels.some((name) => row[name] !== undefined && row[name] !== null && row[name] !== "");
  const sorted = number ? [...rows].sort((a, b) => b[number] - a[number]) : rows;
  const largest = Math.max(1, ...(number ? sorted.map((row) => row[number]) : []));
  const total = answer.summary?.rows ?? (number ? sorted.reduce((sum, row) => sum + row[number], 0) : rows.length);
  const unknown = number ? sorted.filter((row) => !known(row)).reduce((sum, row) => sum + row[number], 0) : 0;
  const words = (row) => (known(row) ? labels.map((name) => text(row[name] ?? "unknown")).join(" · ") : "unknown");
  return [
    el("h1", {}, number ? `By ${labels.map((name) => label(name).toLowerCase()).join(" and ")}` : `${rows.length} rows`),
    el("p", {}, number ? `Total ${total}${answer.summary?.devices ? `, on ${answer.summary.devices} devices` : ""}; unknown ${unknown}.`
      : rows.length ? "" : "No row matches in what was read."),
    completeness(answer),
    number ? el("div", { class: "bars", role: "img", "aria-label": `${sorted.length} groups; the table below has the same` },
      sorted.slice(0, MOST_BARS).map((row) => {
        const bar = el("div", { class: `bar${known(row) ? "" : " unknown"}` });
        bar.style.width = `${(100 * row[number]) / largest}%`;
        return [el("div", {}, words(row)), bar, el("div", { class: "number" }, row[number])];
      })) : null,
    number && sorted.length > MOST_BARS ? el("p", {}, `${sorted.length - MOST_BARS} smaller groups are in the table only.`) : null,
    sorted.length ? table(sorted, number ? "The same as a table" : "Rows") : null,
    tablesUsed(answer),
  ];
}

/** For each table of the copy that a statement read: how old it is and what is missing from it. */
const tablesUsed = (answer) => (answer.tables ? el("section", {}, el("h2", {}, "Tables read"), anything("tables", answer.tables)) : null);
