import { Skeleton, Text } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type CustomerSummary, customerSummaryQuery } from "@/api/customers";
import { Money } from "@/components/Money";
import { Quantity } from "@/components/Quantity";

interface Props {
  customer: string;
}

/** The meter used most, and how many more there are. */
export function UsageThisMonth({ customer }: Props) {
  return (
    <Glance customer={customer} width={120}>
      {({ usage }) => {
        const [first, ...others] = usage.filter((each) => Number(each.month_to_date) !== 0);
        if (first === undefined) return "—";
        return (
          <>
            <Quantity value={first.month_to_date} short /> {first.name}
            {others.length > 0 && (
              <Text span c="dimmed" title={others.map((each) => each.name).join(", ")}>
                {` +${others.length}`}
              </Text>
            )}
          </>
        );
      }}
    </Glance>
  );
}

/** Of all running periods, as their invoices would be now. */
export function Spend({ customer }: Props) {
  return (
    <Glance customer={customer} width={70} right>
      {({ cost }) =>
        cost.length === 0
          ? "—"
          : cost.map((each, n) => (
              <span key={each.currency}>
                {n > 0 && " · "}
                <Money amount={each.so_far} currency={each.currency} />
              </span>
            ))
      }
    </Glance>
  );
}

interface GlanceProps extends Props {
  width: number;
  right?: boolean;
  children: (summary: CustomerSummary) => React.ReactNode;
}

/** A summary is asked for once its row is on the screen: each is an estimate of a whole invoice. */
function Glance({ customer, width, right = false, children }: GlanceProps) {
  const { ref, entry } = useIntersection({ rootMargin: "100px" });
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (entry?.isIntersecting === true) setSeen(true);
  }, [entry]);
  const { data, error } = useQuery({ ...customerSummaryQuery(customer), enabled: seen });
  return (
    <span ref={ref}>
      {data !== undefined ? (
        children(data)
      ) : error !== null ? (
        <Text span c="dimmed" title={error.message}>
          not available
        </Text>
      ) : (
        <Skeleton h={14} my={3} w={width} ml={right ? "auto" : 0} />
      )}
    </span>
  );
}
