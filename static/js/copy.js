/* A button with data-copy="id" copies that field and says so; without script the button stays hidden. */
(() => {
  for (const button of document.querySelectorAll('[data-copy]')) {
    const field = document.getElementById(button.dataset.copy);
    if (!field) continue;
    button.hidden = false;
    button.addEventListener('click', async () => {
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        if (!document.execCommand('copy')) return;
      }
      window.Disha?.say(button.dataset.copied);
      const label = button.lastChild, before = label.textContent;
      label.textContent = 'Copied';
      setTimeout(() => { label.textContent = before; }, 2000);
    });
  }
})();
/* A button with data-print prints the page; without script it stays hidden. */
for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}
