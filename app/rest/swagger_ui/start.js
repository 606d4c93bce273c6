"use strict";
// Its own file, because the policy of every page forbids scripts that stand in it. The paths are relative: a proxy may serve the app under a prefix.
window.addEventListener("load", () => {
  window.SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#operations",
    docExpansion: "none",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    tryItOutEnabled: true,
    validatorUrl: null, // it would send the address of this server to a foreign one
    withCredentials: true,
  });
});
