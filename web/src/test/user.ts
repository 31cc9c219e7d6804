import userEvent from "@testing-library/user-event";

/** A person who does not wait between two keys. */
export const user = userEvent.setup({ delay: null, pointerEventsCheck: 0 });
