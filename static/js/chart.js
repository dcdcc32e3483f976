/* [data-chart="id"] draws the table with that id as bars: each row's data-label and data-value, in rupees.
   The table stays as it is; without script or canvas it is all there is. */
(() => {
  if (!window.Chart) return;
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const rupees = new Intl.NumberFormat('en-IN', { style: 'currency', currency: 'INR', maximumFractionDigits: 2, minimumFractionDigits: 0 });
  const short = (value) => (value >= 100000 ? `₹${value / 100000} L` : value >= 1000 ? `₹${value / 1000}k` : `₹${value}`);

  /* A canvas knows no light-dark(): an element tells what a token is in the theme of the moment. */
  const colour = (token) => {
    const probe = document.createElement('i');
    probe.style.color = `var(${token})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };

  const paint = (chart) => {
    const muted = colour('--muted'), { scales, plugins } = chart.options;
    chart.data.datasets[0].backgroundColor = colour('--brand-ink');
    scales.x.ticks.color = scales.y.ticks.color = muted;
    scales.y.grid.color = colour('--line');
    plugins.tooltip.backgroundColor = colour('--ink');
    plugins.tooltip.titleColor = plugins.tooltip.bodyColor = colour('--surface');
    chart.update('none');
  };

  const draw = (canvas) => {
    const rows = [...document.querySelectorAll(`#${CSS.escape(canvas.dataset.chart)} tr[data-value]`)];
    canvas.closest('[data-chart-box]').hidden = false;
    const font = { family: 'Inter, system-ui, sans-serif', size: 12 };
    const chart = new Chart(canvas, {
      type: 'bar',
      data: {
        labels: rows.map((row) => row.dataset.label),
        datasets: [{ data: rows.map((row) => Number(row.dataset.value)), backgroundColor: colour('--brand-ink'), borderRadius: 4, maxBarThickness: 40 }],
      },
      options: {
        animation: calm.matches ? false : { duration: 300 },
        maintainAspectRatio: false,
        plugins: { colors: { enabled: false }, legend: { display: false }, tooltip: { displayColors: false, callbacks: { label: (item) => rupees.format(item.parsed.y) } } },
        scales: {
          x: { grid: { display: false }, border: { display: false }, ticks: { font, maxRotation: 0, autoSkipPadding: 12 } },
          y: { beginAtZero: true, suggestedMax: 1000, border: { display: false }, grid: {}, ticks: { font, maxTicksLimit: 6, callback: short } },
        },
      },
    });
    paint(chart);
    new MutationObserver(() => paint(chart)).observe(document.documentElement, { attributeFilter: ['data-bs-theme'] });
  };

  document.querySelectorAll('canvas[data-chart]').forEach(draw);
})();
