/*
Keeps in the page only what is in sight: a drawing of thousands costs as much as the part of it in the window.

    const culling = createCulling()
    culling.reset(items)     items: {element, layer, box: {left, top, right, bottom}}, each is put into its
                             layer, which is empty now, when it comes in sight
    culling.update(shown)    this part of the drawing is in sight
    culling.keep(index)      this item is always there: it has the keyboard focus, or Tab leads to it
*/

const MARGIN = 24; /* how far an edge may bend out of the box of its points, or a border be thick */

export const createCulling = () => {
    let items = [];
    let kept = null;

    const show = (item, isShown) => {
        if (!item || Boolean(item.isShown) === isShown) {
            return;
        }
        item.isShown = isShown;
        if (isShown) {
            item.layer.append(item.element);
        } else {
            item.element.remove();
        }
    };

    return {
        reset(newItems) {
            items = newItems;
            show(items[kept], true);
        },
        update({left, top, right, bottom}) {
            items.forEach((item, index) => {
                const {box} = item;
                const isInColumn = box.left < right + MARGIN && box.right > left - MARGIN;
                const isInSight =
                    isInColumn && box.top < bottom + MARGIN && box.bottom > top - MARGIN;
                show(item, isInSight || index === kept);
            });
        },
        keep(index) {
            kept = index;
            show(items[index], true);
        },
    };
};

/* The items of edges, given their points. */
export const itemsOfEdges = (paths, layer, elementOf) =>
    paths.map((points, index) => ({element: elementOf(index), layer, box: boxAround(points)}));

const boxAround = (points) => {
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    return {
        left: Math.min(...xs),
        top: Math.min(...ys),
        right: Math.max(...xs),
        bottom: Math.max(...ys),
    };
};
