/** What answers all at once, as the pages that a `DataTable` reads. */

interface Query {
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

export function onePage<Row>(query: Query, rows: Row[] | undefined) {
  return {
    data: rows === undefined ? undefined : { pages: [{ data: rows }] },
    error: query.error,
    isPending: query.isPending,
    hasNextPage: false,
    isFetchingNextPage: false,
    fetchNextPage: query.refetch,
    refetch: query.refetch,
  };
}
