import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { readersTimezone } from "@/app/formats";
import { EventDrawer } from "@/components/events/EventDrawer";
import { LiveEvents } from "@/components/events/LiveEvents";
import { PageHeader } from "@/components/PageHeader";
import { Imports, UploadButton } from "./Imports";
import { SearchPanel } from "./SearchPanel";
import { EVENT_TABS, type EventTab } from "./search";
import { UnbilledPanel } from "./UnbilledPanel";

const LIVE_ROWS = 20;

export function EventsPage() {
  const search = useSearch({ from: "/signed-in/events" });
  const navigate = useNavigate({ from: "/events" });
  const { tab = "search" } = search;
  const show = (event: string | undefined) =>
    void navigate({ search: (now) => ({ ...now, event }), resetScroll: false });
  return (
    <>
      <PageHeader
        title="Events"
        description="What your customers did, what became of it, and what is in no bill."
        actions={<UploadButton />}
      />
      <Tabs
        value={tab}
        onChange={(chosen) =>
          void navigate({ search: chosen === "search" ? {} : { tab: chosen as EventTab }, resetScroll: false })
        }
        keepMounted={false}
      >
        <Tabs.List mb="lg" aria-label="Views of events" style={{ overflowX: "auto", flexWrap: "nowrap" }}>
          {Object.entries(EVENT_TABS).map(([key, label]) => (
            <Tabs.Tab key={key} value={key} miw="max-content">
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="search">
          <SearchPanel search={search} onOpen={show} />
        </Tabs.Panel>
        <Tabs.Panel value="live">
          <LiveEvents timezone={readersTimezone()} rows={LIVE_ROWS} onOpen={show} />
        </Tabs.Panel>
        <Tabs.Panel value="unbilled">
          <UnbilledPanel onOpen={show} />
        </Tabs.Panel>
        <Tabs.Panel value="imports">
          <Imports />
        </Tabs.Panel>
      </Tabs>
      <EventDrawer id={search.event} onClose={() => show(undefined)} />
    </>
  );
}
