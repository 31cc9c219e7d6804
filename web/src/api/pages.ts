/** Lists are read page by page: what `useInfiniteQuery` needs for any `{data, next_cursor}`. */

export interface Page<Row> {
  data: Row[];
  next_cursor: string | null;
}

export const PAGE_SIZE = 50;

export const paged = {
  initialPageParam: null as string | null,
  getNextPageParam: (page: { next_cursor: string | null }) => page.next_cursor,
};

/** Query parameters of the page at `cursor`. */
export function pageAt(cursor: string | null): { limit: number; cursor?: string } {
  return cursor === null ? { limit: PAGE_SIZE } : { limit: PAGE_SIZE, cursor };
}
