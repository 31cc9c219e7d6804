import { infiniteQueryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type Member = components["schemas"]["MemberOut"];
export type NewMember = components["schemas"]["MemberIn"];

export const membersQuery = () =>
  infiniteQueryOptions({
    queryKey: ["members"],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/members", { params: { query: pageAt(pageParam) }, signal })),
    ...paged,
  });

const at = (member_id: string) => ({ params: { path: { member_id } } });

/** Its answer has the invitation's one-time link. */
export const inviteMember = (body: NewMember) => answer(api.POST("/v1/members", { body }));
export const changeRole = (member: string, role: NewMember["role"]) =>
  answer(api.PATCH("/v1/members/{member_id}", { ...at(member), body: { role } }));
export const removeMember = (member: string) => answer(api.DELETE("/v1/members/{member_id}", at(member)));
