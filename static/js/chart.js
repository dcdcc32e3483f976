/* [data-chart="id"] draws the table with that id: each row's data-label and data-values ("12 3", one number a series).
   The table names its series in data-series ("Packages|Single sessions"), its unit in data-unit (rupees, hours or none),
   and stacks its bars with data-stacked. The table stays as it is; without script or canvas it is all there is. */
(() => {
  if (!window.Chart) return;
  const money = new Intl.NumberFormat('en-IN', { style: 'currency', currency: 'INR', maximumFractionDigits: 2, minimumFractionDigits: 0 });
  const plain = new Intl.NumberFormat('en-IN', { maximumFractionDigits: 1 });
  const short = (value) => (value >= 100000 ? `₹${value / 100000} L` : value >= 1000 ? `₹${value / 1000}k` : `₹${value}`);
  const units = {
    rupees: { long: (value) => money.format(value), short },
    hours: { long: (value) => `${plain.format(value)} h`, short: (value) => `${value} h` },
    none: { long: (value) => plain.format(value), short: (value) => plain.format(value) },
  };
  const tones = ['--brand-ink', '--saffron', '--line-strong'];

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
    chart.data.datasets.forEach((set, number) => { set.backgroundColor = colour(tones[number % tones.length]); });
    scales.x.ticks.color = scales.y.ticks.color = plugins.legend.labels.color = muted;
    scales.y.grid.color = colour('--line');
    plugins.tooltip.backgroundColor = colour('--ink');
    plugins.tooltip.titleColor = plugins.tooltip.bodyColor = colour('--surface');
    chart.update('none');
  };

  const draw = (canvas) => {
    const table = document.getElementById(canvas.dataset.chart);
    const rows = [...table.querySelectorAll('tr[data-values]')];
    const names = (table.dataset.series || '').split('|');
    const unit = units[table.dataset.unit || 'none'];
    const stacked = 'stacked' in table.dataset;
    canvas.closest('[data-chart-box]').hidden = false;
    const font = { family: 'Inter, system-ui, sans-serif', size: 12 };
    const values = rows.map((row) => row.dataset.values.split(' ').map(Number));
    const chart = new Chart(canvas, {
      type: 'bar',
      data: {
        labels: rows.map((row) => row.dataset.label),
        datasets: names.map((name, number) => ({ label: name, data: values.map((row) => row[number]), backgroundColor: colour(tones[number % tones.length]), borderRadius: 4, maxBarThickness: 40 })),
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        plugins: {
          colors: { enabled: false },
          legend: { display: names.length > 1, align: 'start', labels: { font, boxWidth: 12, boxHeight: 12 } },
          tooltip: { displayColors: false, callbacks: { label: (item) => (names.length > 1 ? `${item.dataset.label}: ` : '') + unit.long(item.parsed.y) } },
        },
        scales: {
          x: { stacked, grid: { display: false }, border: { display: false }, ticks: { font, maxRotation: 0, autoSkipPadding: 12 } },
          y: { stacked, beginAtZero: true, suggestedMax: table.dataset.unit === 'rupees' ? 1000 : 4, border: { display: false }, grid: {}, ticks: { font, maxTicksLimit: 6, callback: unit.short } },
        },
      },
    });
    paint(chart);
    new MutationObserver(() => paint(chart)).observe(document.documentElement, { attributeFilter: ['data-bs-theme'] });
  };

  document.querySelectorAll('canvas[data-chart]').forEach(draw);
})();
