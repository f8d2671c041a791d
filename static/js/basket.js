// Keeps the bar under the list of numbers up to date; choosing and ordering work without it.
"use strict";

(function () {
  const form = document.querySelector("form[data-basket]");
  const bar = document.getElementById("basket");
  if (!form || !bar) return;
  const words = bar.querySelector("[data-basket-words]");
  const most = Number(form.dataset.most);
  const showsPrices = "sign" in bar.dataset;

  // Micro-units are whole numbers, so sums stay exact; decimals beyond two only where needed.
  function money(micros) {
    const fraction = String(micros % 1000000).padStart(6, "0").replace(/0+$/, "").padEnd(2, "0");
    return bar.dataset.sign + Math.floor(micros / 1000000).toLocaleString("en-US") + "." + fraction;
  }

  function sum(boxes, name) {
    return boxes.reduce((total, box) => total + Number(box.dataset[name]), Number(bar.dataset[name]));
  }

  function describe() {
    const boxes = Array.from(form.querySelectorAll("input[name=n]:checked"));
    const count = Number(bar.dataset.elsewhere) + boxes.length;
    if (!count) {
      words.textContent = "Tick the numbers you want.";
      return;
    }
    const parts = [count + " chosen"];
    if (showsPrices) {
      parts.push(money(sum(boxes, "monthly")) + " a month", money(sum(boxes, "setup")) + " once");
    }
    if (count > most) parts.push("an order can have at most " + most);
    words.textContent = parts.join(" · ");
  }

  form.addEventListener("change", function (event) {
    if (event.target.name === "n") describe();
  });
  // A browser that goes back brings the boxes as they were left, not as the page was sent.
  window.addEventListener("pageshow", describe);
})();
