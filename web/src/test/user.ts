import { fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";

/** A person who does not wait between two keys. */
export const user = userEvent.setup({ delay: null, pointerEventsCheck: 0 });

/** Writes into the field with this label, all at once: key by key, each key renders the form again. */
export async function fill(label: RegExp, text: string): Promise<void> {
  fireEvent.change(await screen.findByLabelText(label), { target: { value: text } });
}
