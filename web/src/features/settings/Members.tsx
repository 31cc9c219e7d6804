import { Button, Group, Modal, NativeSelect, Stack, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changeRole, inviteMember, type Member, membersQuery, type NewMember, removeMember } from "@/api/members";
import { Problem } from "@/api/problem";
import { useMay } from "@/api/session";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { OnceShown } from "@/components/OnceShown";
import { StatusBadge } from "@/components/StatusBadge";

type Role = NewMember["role"];
const ROLES: Role[] = ["owner", "admin", "finance", "developer", "viewer"];

export function Members() {
  const query = useInfiniteQuery(membersQuery());
  const mayWrite = useMay("members:write");
  const [opened, dialog] = useDisclosure();
  const [doomed, setDoomed] = useState<Member | null>(null);
  const queries = useQueryClient();
  const again = () => queries.invalidateQueries({ queryKey: ["members"] });
  const changing = useMutation({
    mutationFn: ({ id, role }: { id: string; role: Role }) => changeRole(id, role),
    onSuccess: again,
    onError: (error) => notifications.show({ color: "red", message: error.message }),
  });
  const removing = useMutation({
    mutationFn: removeMember,
    onSuccess: async () => {
      setDoomed(null);
      await again();
    },
  });
  const columns: Column<Member>[] = [
    { key: "name", header: "Name", cell: (member) => member.name },
    { key: "email", header: "E-mail", cell: (member) => member.email, secondary: true },
    {
      key: "role",
      header: "Role",
      cell: (member) =>
        mayWrite ? (
          <NativeSelect
            size="xs"
            w={120}
            aria-label={`Role of ${member.name}`}
            data={ROLES}
            value={member.role}
            disabled={changing.isPending}
            onChange={(event) => changing.mutate({ id: member.id, role: event.currentTarget.value as Role })}
          />
        ) : (
          member.role
        ),
    },
    { key: "status", header: "State", cell: (member) => <StatusBadge status={member.status} />, secondary: true },
  ];
  const remove: Column<Member> = {
    key: "remove",
    header: "Action",
    align: "right",
    cell: (member) => (
      <Button size="compact-sm" variant="subtle" aria-label={`Remove ${member.name}`} onClick={() => setDoomed(member)}>
        Remove
      </Button>
    ),
  };
  return (
    <Stack gap="sm" component="section" aria-label="Members">
      <Group justify="space-between">
        <Title order={2}>Members</Title>
        {mayWrite && (
          <Button size="xs" onClick={dialog.open}>
            Invite
          </Button>
        )}
      </Group>
      <DataTable
        label="Members"
        columns={mayWrite ? [...columns, remove] : columns}
        query={query}
        rowKey={(member) => member.id}
        empty={<EmptyState title="No members yet">Invite the people who work with you.</EmptyState>}
      />
      <Modal opened={opened} onClose={dialog.close} title="Invite a member">
        <InviteForm onClose={dialog.close} />
      </Modal>
      {doomed !== null && (
        <ConfirmDialog
          title={`Remove ${doomed.name}?`}
          action="Remove"
          danger
          pending={removing.isPending}
          error={removing.error}
          onConfirm={() => removing.mutate(doomed.id)}
          onClose={() => {
            removing.reset();
            setDoomed(null);
          }}
        >
          {doomed.email} loses access to this organisation at once.
        </ConfirmDialog>
      )}
    </Stack>
  );
}

function InviteForm({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const form = useForm({ initialValues: { email: "", name: "", role: "viewer" as Role } });
  const inviting = useMutation({
    mutationFn: inviteMember,
    onSuccess: () => queries.invalidateQueries({ queryKey: ["members"] }),
    onError: (error) => error instanceof Problem && form.setErrors(error.fields),
  });
  const invited = inviting.data;
  if (typeof invited?.link === "string") {
    return (
      <Stack>
        <OnceShown
          title="Pass this link on"
          value={`${globalThis.location.origin}${invited.link}`}
          label="invitation link"
        >
          It lets {invited.name} in, once. Nothing is sent by e-mail, and it is not shown again.
        </OnceShown>
        <Button onClick={onClose}>Done</Button>
      </Stack>
    );
  }
  return (
    <form onSubmit={form.onSubmit((values) => inviting.mutate(values))} noValidate>
      <Stack>
        <TextInput label="Name of the member" required {...form.getInputProps("name")} />
        <TextInput label="E-mail of the member" type="email" required {...form.getInputProps("email")} />
        <NativeSelect
          label="Role"
          description="Viewers read; developers keep meters, events and keys; finance keeps plans and invoices."
          data={ROLES}
          {...form.getInputProps("role")}
        />
        {inviting.error !== null && <ErrorState error={inviting.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={inviting.isPending}>
            Invite
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
