import "@fontsource-variable/inter/wght.css";
import "@mantine/core/styles.css";
import "@mantine/charts/styles.css";
import "@mantine/notifications/styles.css";
import "./app/global.css";

import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { whenSignedOut } from "@/api/client";
import { makeQueryClient } from "@/api/queryClient";
import { followOtherTabs, goToSignIn } from "@/app/browserWindow";
import { Providers } from "@/app/Providers";
import { makeRouter } from "@/app/router";

const queries = makeQueryClient();
const router = makeRouter(queries);

whenSignedOut(goToSignIn);
followOtherTabs();

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <Providers queries={queries}>
      <RouterProvider router={router} />
    </Providers>
  </StrictMode>,
);
