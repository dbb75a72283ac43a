// Signs in, and then loads the page anew: it is another one for those who are known.

const form = document.getElementById("login");
const problem = document.getElementById("problem");
const button = document.getElementById("submit");

async function signIn(name, password) {
  const answer = await fetch("api/v1/session", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Gsched": "1" },
    body: JSON.stringify({ name, password }),
  });
  if (answer.ok) return "";
  const told = await answer.json().catch(() => ({}));
  return told.error ?? `the server answers ${answer.status}`;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, password } = form.elements;
  button.disabled = true;
  problem.textContent = "";
  try {
    problem.textContent = await signIn(name.value, password.value);
    if (!problem.textContent) location.reload();
  } catch {
    problem.textContent = "the server does not answer";
  }
  button.disabled = false;
  password.value = "";
  password.focus();
});
