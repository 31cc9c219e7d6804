import "@fontsource-variable/inter/wght.css";
import "@mantine/core/styles.css";
import "@mantine/charts/styles.css";
import "../app/global.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeQueryClient } from "@/api/queryClient";
import { setPortalToken } from "./api";
import { reportHeight } from "./frame";
import { PortalApp } from "./PortalApp";
import { takeHandover } from "./token";

const handover = takeHandover();
setPortalToken(handover.token ?? "");
if (handover.embedded) reportHeight();
// Another link pasted into this tab changes no more than the #, which loads nothing by itself.
window.addEventListener("hashchange", () => {
  if (window.location.hash.includes("token=")) window.location.reload();
});

const root = document.getElementById("root");
if (root === null) throw new Error("portal.html has no #root");
createRoot(root).render(
  <StrictMode>
    <PortalApp handover={handover} queries={makeQueryClient()} />
  </StrictMode>,
);
