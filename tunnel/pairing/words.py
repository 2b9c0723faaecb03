"""The words of a pairing code: 256, so that each is worth 8 bits.

Each has two syllables, and any two differ in at least three letters: one slip of a finger makes no other word
of the list, so it is noticed where it is typed and costs no code. Plain words, easy to hear over a bad line.
The list is part of the protocol: both machines need the same words in the same order.
"""

from __future__ import annotations

from typing import Final

_LIST: Final = """
acorn almond anchor antler apple apron arctic artist aspen atlas autumn awning bagel bamboo banjo
beacon beaver bedrock beetle belfry blanket blossom bobcat bramble breakfast bugle burrow cabin
cactus captain cargo castle cavern chamber chapel cherry chestnut chicken chimney circle citrus
clover cobalt cobbler cocoa coffee comet compass cotton cowboy crayon crimson crossword crystal
cupboard cushion daisy dentist desert diamond doctor dolphin donkey doorbell drummer dungeon earring
eclipse elbow engine fabric falcon farmer feather fiddle flannel flipper football forest fossil
foxglove freezer furnace garden garlic giraffe glacier granite gravy guitar gymnast hammock hamster
harvest hedgehog helmet hornet iceberg igloo jaguar jasmine jelly jersey jigsaw journal juggler
kayak keyboard kingdom kitchen ladder lagoon lantern laundry lemon leopard letter lettuce lily
lizard lobster locket lotus magnet magpie mammoth martian meadow medal mermaid midnight mirror
mitten mortar muffin mushroom music mustard napkin nickel nimble noodle notebook nugget nutmeg ocean
olive onion orbit orchard outlaw padlock painter palace pancake panda paper parcel parsley pasture
pavement peacock peanut pebble penguin pickle picnic pigeon pilot pirate plaster platform plumber
pollen pony porridge powder pretzel pumpkin puppet puzzle quarry rabbit radish railway rainbow
raisin ribbon ruffle saffron salad satchel saucer sawdust scooter seagull shelter sherbet shovel
silver snowman spanner sparrow spider spinach spiral squirrel stapler statue stencil sticker summit
sundial sunset surfer swallow tadpole target teacup teapot temple tennis thunder tiger tinsel topaz
tractor traffic treasure trolley trombone trumpet tulip turkey turtle twilight valley vessel viking
village vinyl volume voyage vulture walrus wardrobe whisker whistle widget wisdom wombat worker
zebra zenith zephyr zigzag
"""

WORDS: Final[tuple[str, ...]] = tuple(_LIST.split())
