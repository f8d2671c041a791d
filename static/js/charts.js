// Draws the figures of a page in its own colours; the table beside each figure needs no script.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const draw = (box) => {
    const figure = JSON.parse(box.dataset.figure);
    const ink = css("--tblr-body-color"), line = css("--tblr-border-color");
    figure.data.forEach((trace, place) => {
      const colour = css(`--${figure.palette[place]}`) || css("--brand-text");
      if (trace.type === "bar") trace.marker = { ...trace.marker, color: colour, line: { ...trace.marker?.line, color: colour } };
      else trace.line = { ...trace.line, color: colour };
    });
    const axis = (one) => ({ ...one, gridcolor: line, zerolinecolor: line, linecolor: line });
    const layout = {
      ...figure.layout,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: css("--tblr-font-sans-serif") || "sans-serif", size: 13, color: ink },
      hoverlabel: { bgcolor: css("--tblr-bg-surface"), font: { color: ink } },
      xaxis: axis(figure.layout.xaxis),
      yaxis: axis(figure.layout.yaxis),
    };
    window.Plotly.react(box, figure.data, layout, { displayModeBar: false, responsive: true });
  };
  const all = () => document.querySelectorAll("[data-figure]");
  for (const box of all()) draw(box);
  // Without a script the table stands open in the figure's place.
  for (const twin of document.querySelectorAll("details[data-twin]")) twin.open = false;
  // The appearance may change while the page stands.
  new MutationObserver(() => { for (const box of all()) draw(box); })
    .observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
