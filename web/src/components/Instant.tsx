import { formatInstant, type InstantStyle, readersTimezone } from "@/app/formats";

interface Props {
  at: string;
  style?: InstantStyle;
  /** IANA; the reader's own where it is left out. */
  timezone?: string;
}

/** An instant, with the whole of it and its time zone on hover. */
export function Instant({ at, style = "minute", timezone }: Props) {
  const zone = timezone ?? readersTimezone();
  return (
    <time dateTime={at} title={`${formatInstant(at, "second", zone)} (${zone})`}>
      {formatInstant(at, style, zone)}
    </time>
  );
}
