import { Select, type SelectProps } from "@mantine/core";

const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

export function TimezoneSelect(props: Omit<SelectProps<string>, "data">) {
  return <Select label="Time zone" placeholder="The organisation's" {...props} data={ZONES} searchable limit={100} />;
}
