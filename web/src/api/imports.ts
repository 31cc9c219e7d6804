import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api, send } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type Import = components["schemas"]["ImportOut"];
export type Mapping = components["schemas"]["MappingOut"];
export type PreviewedRow = components["schemas"]["PreviewedRowOut"];

const REFRESH_MS = 700;

export const importsQuery = () =>
  infiniteQueryOptions({
    queryKey: ["imports", "list"],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/imports", { params: { query: pageAt(pageParam) }, signal })),
    ...paged,
  });

/** Asked again while it runs. */
export const importQuery = (import_id: string) =>
  queryOptions({
    queryKey: ["imports", "one", import_id],
    queryFn: ({ signal }) => answer(api.GET("/v1/imports/{import_id}", { params: { path: { import_id } }, signal })),
    refetchInterval: (query) => (query.state.data?.status === "running" ? REFRESH_MS : false),
  });

/** The file goes as it is; the server finds out its encoding and columns. */
export async function uploadFile(file: File): Promise<Import> {
  const address = `/v1/imports?filename=${encodeURIComponent(file.name)}`;
  const request = new Request(new URL(address, globalThis.location.origin), {
    method: "POST",
    body: file,
    headers: { "Content-Type": "text/csv" },
  });
  return (await (await send(request)).json()) as Import;
}

export const previewQuery = (import_id: string, mapping: Mapping) =>
  queryOptions({
    queryKey: ["imports", "preview", import_id, mapping],
    queryFn: ({ signal }) =>
      answer(
        api.POST("/v1/imports/{import_id}/preview", { params: { path: { import_id } }, body: { mapping }, signal }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const startImport = (import_id: string, mapping: Mapping) =>
  answer(api.POST("/v1/imports/{import_id}/start", { params: { path: { import_id } }, body: { mapping } }));

export const rejectedRowsAddress = (import_id: string) => `/v1/imports/${encodeURIComponent(import_id)}/rejected.csv`;
