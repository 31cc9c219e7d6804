import { Anchor, Button, FileButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconFileUpload, IconUpload } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type Import, importsQuery, uploadFile } from "@/api/imports";
import { useMay } from "@/api/session";
import { formatQuantity } from "@/app/formats";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { Instant } from "@/components/Instant";
import { StatusBadge } from "@/components/StatusBadge";

const COLUMNS: Column<Import>[] = [
  {
    key: "filename",
    header: "File",
    cell: (each) => (
      <Anchor component={Link} to={`/events/imports/${each.id}`} fw={500}>
        {each.filename}
      </Anchor>
    ),
  },
  { key: "status", header: "State", cell: (each) => <StatusBadge status={each.status} /> },
  { key: "rows", header: "Rows", cell: (each) => formatQuantity(each.rows), align: "right" },
  { key: "accepted", header: "Accepted", cell: (each) => formatQuantity(each.accepted), align: "right" },
  { key: "rejected", header: "Rejected", cell: (each) => formatQuantity(each.rejected), align: "right" },
  {
    key: "created_at",
    header: "Uploaded",
    cell: (each) => <Instant at={each.created_at} />,
    align: "right",
    secondary: true,
  },
];

export function Imports() {
  return (
    <DataTable
      label="Imports"
      columns={COLUMNS}
      query={useInfiniteQuery(importsQuery())}
      rowKey={(each) => each.id}
      empty={
        <EmptyState title="No imports yet" icon={IconFileUpload} action={<UploadButton />}>
          A CSV file with a header row becomes events: you say what its columns mean and see the first rows before
          anything counts. The same file twice counts nothing twice.
        </EmptyState>
      }
    />
  );
}

/** Leads on to the file's own page. */
export function UploadButton() {
  const mayWrite = useMay("events:write");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const upload = useMutation({
    mutationFn: uploadFile,
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ["imports"] });
      void navigate({ to: "/events/imports/$importId", params: { importId: made.id } });
    },
    onError: (error) => notifications.show({ color: "red", title: "The file was not taken", message: error.message }),
  });
  if (!mayWrite) return null;
  return (
    <FileButton accept=".csv,.tsv,.txt,text/csv" onChange={(file) => file !== null && upload.mutate(file)}>
      {(props) => (
        <Button {...props} loading={upload.isPending} leftSection={<IconUpload size={16} />}>
          Upload CSV
        </Button>
      )}
    </FileButton>
  );
}
