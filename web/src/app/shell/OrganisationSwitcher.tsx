import { Group, Menu, Text, UnstyledButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconCheck, IconSelector } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { OrganisationOfSession } from "@/api/contract";
import { switchOrganisation, useSession } from "@/api/session";
import { startAnew } from "@/app/browserWindow";
import { ModeBadge } from "./ModeBadge";
import classes from "./OrganisationSwitcher.module.css";

/** Test and live are organisations of their own, so that switching between them is switching organisations. */
export function OrganisationSwitcher() {
  const { organisation, organisations } = useSession();
  const switching = useMutation({
    mutationFn: (to: OrganisationOfSession) => switchOrganisation(to.id),
    // What the page was about does not exist in another organisation.
    onSuccess: () => startAnew("/"),
    onError: (error) => notifications.show({ color: "red", title: "Not switched", message: error.message }),
  });

  return (
    <Menu position="bottom-start" width={280} shadow="md">
      <Menu.Target>
        <UnstyledButton
          className={classes.target ?? ""}
          aria-label={`Organisation: ${organisation.name}, ${organisation.mode} mode. Switch`}
          disabled={switching.isPending}
        >
          <Text fw={500} truncate>
            {organisation.name}
          </Text>
          <IconSelector size={16} stroke={1.7} className={classes.icon} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Organisations</Menu.Label>
        {organisations.map((each) => (
          <Menu.Item
            key={each.id}
            onClick={() => each.id !== organisation.id && switching.mutate(each)}
            rightSection={each.id === organisation.id ? <IconCheck size={16} aria-label="in use" /> : null}
          >
            <Group gap="xs" wrap="nowrap">
              <Text truncate>{each.name}</Text>
              <ModeBadge mode={each.mode} />
            </Group>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
