import { Skeleton, Stack } from "@mantine/core";

/** Stands in for a page that is on its way, at about its size, so that nothing jumps. */
export function PageSkeleton() {
  return (
    <Stack gap="lg" aria-busy="true" aria-label="Loading">
      <Skeleton h={30} w={180} />
      <Skeleton h={120} />
      <Skeleton h={280} />
    </Stack>
  );
}
