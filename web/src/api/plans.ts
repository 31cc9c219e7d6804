import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type Plan = components["schemas"]["PlanOut"];
export type PlanWithVersions = components["schemas"]["PlanWithVersionsOut"];
export type PlanVersion = components["schemas"]["PlanVersionOut"];
export type Price = Plan["prices"][number];
export type NewPlan = components["schemas"]["PlanIn"];
export type NewVersion = components["schemas"]["PlanVersionIn"];

export const plansQuery = () =>
  infiniteQueryOptions({
    queryKey: ["plans"],
    queryFn: ({ pageParam, signal }) => answer(api.GET("/v1/plans", { params: { query: pageAt(pageParam) }, signal })),
    ...paged,
  });

/** One plan by key or id, with all its versions. */
export const planQuery = (plan: string) =>
  queryOptions({
    queryKey: ["plans", plan],
    queryFn: ({ signal }) => answer(api.GET("/v1/plans/{plan}", { params: { path: { plan } }, signal })),
  });

// The client's type of what is written does not take a union of price models for what it is.
const written = (body: NewPlan | Partial<NewVersion>) => body as never;

const at = (plan: string, version: number) => ({ params: { path: { plan, version } } });

export const createPlan = (body: NewPlan) => answer(api.POST("/v1/plans", { body: written(body) }));
export const createVersion = (plan: string, body: NewVersion) =>
  answer(api.POST("/v1/plans/{plan}/versions", { params: { path: { plan } }, body: written(body) }));
export const changeDraft = (plan: string, version: number, body: Omit<NewVersion, "draft">) =>
  answer(api.PATCH("/v1/plans/{plan}/versions/{version}", { ...at(plan, version), body: written(body) }));
export const publishVersion = (plan: string, version: number) =>
  answer(api.POST("/v1/plans/{plan}/versions/{version}/publish", at(plan, version)));
export const dropDraft = (plan: string, version: number) =>
  answer(api.DELETE("/v1/plans/{plan}/versions/{version}", at(plan, version)));
export const renamePlan = (plan: string, name: string) =>
  answer(api.PATCH("/v1/plans/{plan}", { params: { path: { plan } }, body: { name } }));
export const archivePlan = (plan: string) =>
  answer(api.POST("/v1/plans/{plan}/archive", { params: { path: { plan } } }));
export const unarchivePlan = (plan: string) =>
  answer(api.POST("/v1/plans/{plan}/unarchive", { params: { path: { plan } } }));
