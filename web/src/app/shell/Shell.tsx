import { AppShell, Burger, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Outlet } from "@tanstack/react-router";
import { Suspense } from "react";
import { useSession } from "@/api/session";
import { PageSkeleton } from "@/components/PageSkeleton";
import { ColorSchemeToggle } from "./ColorSchemeToggle";
import { ConnectionNotice } from "./ConnectionNotice";
import { Logo } from "./Logo";
import { ModeBadge } from "./ModeBadge";
import { Navigation } from "./Navigation";
import { OrganisationSwitcher } from "./OrganisationSwitcher";
import classes from "./Shell.module.css";
import { UserMenu } from "./UserMenu";

/** The frame of all signed-in pages. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure();
  const { mode } = useSession().organisation;
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 224, breakpoint: "md", collapsed: { mobile: !opened } }}
      padding={{ base: "md", md: "lg", lg: "xl" }}
      className={classes.shell ?? ""}
      data-mode={mode}
    >
      <a href="#main" className={classes.skip}>
        Skip to the page
      </a>
      <AppShell.Header className={classes.header ?? ""}>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="sm">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="md"
              size="sm"
              aria-label={opened ? "Close the navigation" : "Open the navigation"}
              aria-expanded={opened}
              aria-controls="navigation"
            />
            <Logo />
            <OrganisationSwitcher />
            <ModeBadge mode={mode} />
          </Group>
          <Group gap={4} wrap="nowrap">
            <ColorSchemeToggle />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" id="navigation" className={classes.navbar ?? ""}>
        <Navigation onNavigate={close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} className={classes.main ?? ""}>
        <div className={classes.page}>
          <Suspense fallback={<PageSkeleton />}>
            <Outlet />
          </Suspense>
        </div>
      </AppShell.Main>
      <ConnectionNotice />
    </AppShell>
  );
}
