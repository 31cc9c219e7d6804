/** Shapes that the UI needs before any query: the session. Everything else is typed by `schema.gen.ts`. */

export type Mode = "test" | "live";
export type Role = "owner" | "admin" | "finance" | "developer" | "viewer";

export interface OrganisationOfSession {
  id: string;
  name: string;
  mode: Mode;
  role: Role;
}

export interface Session {
  user: {
    id: string;
    name: string;
    email: string;
    /** False for one who came by a link and has yet to choose a password. */
    has_password: boolean;
  };
  organisation: OrganisationOfSession;
  organisations: OrganisationOfSession[];
  csrf_token: string;
  permissions: string[];
}
