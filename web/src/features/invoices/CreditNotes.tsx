import { Anchor, Card, Table, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { creditNotesQuery, type Invoice } from "@/api/invoices";
import { formatMoney } from "@/app/formats";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";
import { StatusBadge } from "@/components/StatusBadge";

/** Nothing, where there are none. */
export function CreditNotes({ invoice }: { invoice: Invoice }) {
  const { data, error } = useQuery(creditNotesQuery(invoice.id));
  if (error !== null) return <ErrorState error={error} />;
  if (data === undefined || data.data.length === 0) return null;
  return (
    <Card component="section" aria-label="Credit notes">
      <Title order={2} mb="xs">
        Credit notes
      </Title>
      <Table aria-label="Credit notes of the invoice">
        <Table.Tbody>
          {data.data.map((note) => (
            <Table.Tr key={note.id}>
              <Table.Td>
                <Anchor href={`/v1/credit-notes/${note.id}/pdf`} download={`${note.number}.pdf`}>
                  {note.number}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <StatusBadge status={note.status} />
              </Table.Td>
              <Table.Td visibleFrom="xs">
                <Instant at={note.issued_at} style="date" timezone={invoice.timezone} />
              </Table.Td>
              <Table.Td ta="right">{formatMoney(note.total, note.currency)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}
