import { ActionIcon, Menu, Text } from "@mantine/core";
import { IconKey, IconLogout, IconUserCircle } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { signOut, useSession } from "@/api/session";
import { startAnew } from "@/app/browserWindow";

export function UserMenu() {
  const { user, organisation } = useSession();
  const leaving = useMutation({ mutationFn: signOut, onSettled: () => startAnew("/sign-in") });
  return (
    <Menu position="bottom-end" width={240} shadow="md">
      <Menu.Target>
        <ActionIcon size="lg" aria-label={`Account of ${user.name}`}>
          <IconUserCircle size={20} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)" truncate>
            {user.name}
          </Text>
          <Text size="xs" truncate>
            {user.email} · {organisation.role}
          </Text>
        </Menu.Label>
        <Menu.Divider />
        <Menu.Item component={Link} to="/password" leftSection={<IconKey size={16} stroke={1.7} />}>
          {user.has_password ? "Change password" : "Choose a password"}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} stroke={1.7} />} onClick={() => leaving.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
