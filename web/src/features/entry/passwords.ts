/** As the server has it (OWASP: length over rules). */
const SHORTEST = 12;

export function tooShort(password: string): string | null {
  return password.length < SHORTEST ? `At least ${SHORTEST} characters; a sentence is good` : null;
}
