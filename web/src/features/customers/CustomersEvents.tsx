import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Customer } from "@/api/customers";
import { EventDrawer } from "@/components/events/EventDrawer";
import { EventsTable } from "@/components/events/EventsTable";

export function CustomersEvents({ customer }: { customer: Customer }) {
  const { event } = useSearch({ from: "/signed-in/customers/$customer" });
  const navigate = useNavigate({ from: "/customers/$customer" });
  const show = (id: string | undefined) =>
    void navigate({ search: (now) => ({ ...now, event: id }), resetScroll: false });
  return (
    <>
      <EventsTable search={{ customer_id: customer.id }} timezone={customer.timezone} onOpen={show} hideCustomer />
      <EventDrawer id={event} onClose={() => show(undefined)} />
    </>
  );
}
