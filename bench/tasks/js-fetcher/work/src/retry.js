// Runs an action again when it fails, waiting longer each time.

export function backoff(attempt, { first = 100, factor = 2, longest = 5000 } = {}) {
  return Math.min(first * factor ** attempt, longest);
}

export async function retry(action, { attempts = 3, wait, ...timing } = {}) {
  let failure;
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      return await action(attempt);
    } catch (error) {
      failure = error;
      if (wait && attempt + 1 < attempts) {
        await wait(backoff(attempt, timing));
      }
    }
  }
  throw failure;
}
