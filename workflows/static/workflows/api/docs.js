// Shows the OpenAPI document in Swagger UI; requests that change something carry the CSRF token.

const place = document.getElementById("swagger-ui");

SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    requestInterceptor(request) {
        const isOwn = new URL(request.url, document.baseURI).origin === location.origin;
        if (isOwn && !["GET", "HEAD", undefined].includes(request.method)) {
            request.headers[place.dataset.csrfHeader] = place.dataset.csrfToken;
        }
        return request;
    },
});
