"""People, things, places and times of daily life."""

# ruff: noqa: E501 - words read best as they are spoken
from __future__ import annotations

from data.synthetic.text.languages.english import names, vocabulary

_DAILY = """
Kin = mum | mom | dad | sister | brother | little sister | little brother | nan | grandma | grandad | auntie | uncle | cousin | mother | father | nephew | niece | big sis | baby brother | stepdad | twin | godson
Partner = boyfriend | girlfriend | husband | wife | ex | crush | fiance | other half | man | girl | missus
Kid = son | daughter | baby | kid | toddler | youngest | oldest | boy | little one | little girl | teenager
Dear = 3* {Kin} | {Partner} | 2* {Mate} | {Kid} | {Pet} | 2* friend {friend}
Stranger = this guy | someone from {Newtown} | {friend} from {Place} | some guy | this girl | the lady {next to me|at the bank|in front|behind me|downstairs} | some woman | an old man | this kid | the man {upstairs|next door|on the bus|at the till} | a girl {in my class|at work|from school|on here} | this old lady | the bus driver | the waiter | the cashier | some drunk guy | a random dude | my {uber|cab|delivery} driver | the guy {at the gym|from {Shop}|in the queue|who sits next to me} | a woman {with a pram|on the phone|at the door} | somebody's {dad|kid|grandma}
Crowd = {=they}{Crowds}
Crowds = people | most people | some people | men | women | kids | kids these days | parents | old people | grown men | adults | my friends | the neighbours | my parents | strangers | students | the fans | the media | the police | politicians | drivers | landlords | rich people | celebrities | bosses | the lads | my cousins | half the class | a lot of people | very few people | teachers | my in laws | influencers | tourists | nurses | teenagers | boys | girls
Tasty = so good | delicious | worth {every penny|it|the wait} | better than {mine|last time|i thought} | unreal
Foul = burnt | cold | disgusting | not worth {it|the money} | raw | way too {salty|dry|sweet|small}
Food = 3* {Eats} | {Drinks}
Where = at {Place} | in {City} | at home | at work | in bed | on the bus | on the train | in the car | outside | in class | in the kitchen | in the rain | at the gym | in traffic | on the sofa | upstairs | in the shower | in this house | out here | on the plane | by the sea | in the garden | on the floor | in a meeting | at the bar | in my room | on the tube | in the dark | in the sun | at {Shop} | in public | in the back row | on the stairs | down the road | round the corner | in the middle of nowhere | on the {first|second|third|top} floor | by the window
Show = this show | {Film} | a film | the news | netflix | tv | the new season | old episodes | a documentary | this movie | a horror film | the game | cartoons | love island | the office | reality tv | youtube | music videos | friends | a musical | the highlights | makeup tutorials | cooking shows | true crime stuff | old westerns | game of thrones | a series about {Crowd}
Song = this song | {Songtitle} | {Songtitle} by {Band} | that song | {Band} | the new album | her voice | his new song | christmas songs | sad songs | the chorus | old music | the radio | this playlist | country music | {Num} songs on repeat | that drum solo
Num = two | three | four | five | six | ten | 2 | 3 | 4 | 5 | {n99} | {n99} | a hundred | a few | twenty | several | a couple of | 10 | 20 | {n}
Span = an hour | two hours | {Num} hours | {Num} days | {Num} weeks | {Num} months | {Num} years | all day | all night | all week | ages | weeks | years | a long time | a while | the whole weekend | half an hour | the last {Num} years | most of my life | a minute | ten minutes | a few days
Hour = {n12}am | {n12}pm | {n12}:30 | {n12} in the morning | {n12} o'clock | midnight | noon | half {n12} | {n12}.45 | dawn
Day = monday | tuesday | wednesday | thursday | friday | saturday | sunday | christmas | halloween | new year's eve | my birthday | thanksgiving | payday | valentines day | pancake day | bank holiday monday | mothers day | a {tuesday|sunday|monday|friday} in {Month}
Month = january | february | march | april | may | june | july | august | september | october | november | december
Past = today | this morning | last night | yesterday | last week | earlier | the other day | on {Day} | last {Month} | {Num} {days|weeks|months} ago | this weekend | last weekend | at {Hour} | on the way {home|here|to work} | when I was {n12} | this afternoon | a minute ago | just now | on my break | during {lunch|class|the meeting|dinner}
Future = tomorrow | tonight | next week | this weekend | on {Day} | next year | soon | later | in the morning | in {Num} {days|weeks|months|minutes} | at {Hour} | next month | after {work|school|lunch|church|the game|dinner} | in {Month} | one day | by {Day} | before {Day} | this summer | over christmas | when i get {home|paid|back|there} | some day | before {Hour}
Now = today | right now | tonight | this week | these days | lately | this morning | at the moment | this evening | all day | this time of year | every single day | every {Day} | this {Month} | at {Hour}
Feel+ = {Good} | {Good} | {Good} and {Good}
Feel0 = {Plain} | {Plain} | {Plain} but {Good}
Feel- = {Bad} | {Bad} | {Bad} and {Bad}
AnEvent = the {Event} | my {Event} | this {Event} | the {Event} at {Place} | my {Kin}'s {Event}
Bz = 2* {sbe} | {bes}
Rz = {refs} | {refbe}
Hedge = I think | I feel like | I know | maybe | so | I guess | you know | I just think | I hope | I swear | to be honest | the thing is | it turns out | I bet | I am not sure if | I can't believe | I can tell | if I am honest, | not gonna lie | as far as I know | who knew that | I was told that | I wonder if | on top of that | it seems that | after all that | well at least | I still think | I have to say | no one told me that | fun fact: | reminder that | breaking: | apparently | I just heard that | they say | word is | I am told | I dreamt that | not to brag but | plot twist: | confession: | update:
Bw = {be} | {was}
Luck+ = the best {news|day|feeling|weekend|night|birthday|thing} | good news | a miracle | a blessing | progress | a lovely surprise | pure joy | such a good time | what dreams are made of | everything i {need|wanted|asked for} | worth the wait | worth every penny
Luck0 = a long day | the plan | what it is | a start | another day | a question for {Day} | one of those days | a whole thing | news to me | a big step | a secret
Luck- = the worst {news|day|feeling|thing|idea|week} | a nightmare | a joke | a disaster | not fair | so much worse | a waste of {time|money|breath} | bad news | hell | too much | a mess | pure torture | the last straw | no way to live | my worst fear
"""

RULES = _DAILY + vocabulary.RULES + names.RULES
